"""What a file is, and how much it may ask of us: formats, pictures, PDFs."""
