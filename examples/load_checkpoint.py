"""Load a trained predictor and ask it in a live conversation. Needs numpy and safetensors only."""

from pathlib import Path

import specbench as sb

CHECKPOINT = Path(__file__).resolve().parents[1] / "models" / "support-desk"
SCHEMA = {"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]}
TOOLS = {
    "find_customer_by_email": sb.ToolSpec("find_customer_by_email", "Find a customer", SCHEMA, sb.Effect.READ),
    "create_ticket": sb.ToolSpec("create_ticket", "Open a ticket", {"type": "object"}, sb.Effect.WRITE),
}

if __name__ == "__main__":
    predictor = sb.load(CHECKPOINT)
    conversation = predictor.session(TOOLS)
    conversation.observe(sb.Message("user", "Hi, where is my parcel? My email is ann.lee@example.com."))
    for call, p in conversation.predict(k=2):
        print(f"{p:.2f} {call or 'the agent replies'}")
