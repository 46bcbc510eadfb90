"""What everything else stands on: types, equality of calls, errors, the ledger, plug-ins, files, text."""
