"""Pictures of a report, by subject; `svg.svg_picture` turns axes into SVG for the page and the PDF."""
