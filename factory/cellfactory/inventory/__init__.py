"""What people declare: organizations, meshes, cell types and cells."""
