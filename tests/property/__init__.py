"""Money agrees: whatever people and banks do, processor, Dunlin and ledger say the same, or it is on the desk."""
