"""The test tools: above the application, and shipped, for they serve whoever writes bots or runs servers too."""
