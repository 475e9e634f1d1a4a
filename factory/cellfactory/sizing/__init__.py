"""What a cell and a mesh need against what AWS, and our policy, allow; pure."""
