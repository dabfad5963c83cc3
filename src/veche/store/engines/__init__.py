"""What a record can stand on, one file each. All of them pass the same contract (veche.testing.contracts)."""
