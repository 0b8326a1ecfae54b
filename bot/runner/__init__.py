"""What runs inside a GitHub Actions job, as one file without packages. Everything it says is a claim."""
