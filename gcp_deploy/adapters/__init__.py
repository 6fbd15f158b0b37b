"""The ports of gcp-deploy, spoken in Google's REST protocols. One foreign thing per file."""
