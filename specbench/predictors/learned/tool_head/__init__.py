"""Which tool comes next, or a reply: features of the conversation, a small network over the tools."""
