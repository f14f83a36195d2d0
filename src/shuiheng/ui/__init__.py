"""The components every page is made of, and the frame around them. See README.md."""
