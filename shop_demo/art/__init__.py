"""Each product's picture, drawn as SVG: a picture spec and a sku go in, an SVG document comes out."""
