"""The record: what was said, on disk. Knows files, threads and SQL; nothing of IRC, sessions or event loops."""
