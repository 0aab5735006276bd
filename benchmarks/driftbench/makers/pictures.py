"""Write a few pictures: JPEG with and without subsampled colour, PNG, GIF, WebP, with EXIF."""

import os
import sys

from PIL import Image

WIDTH, HEIGHT = 97, 71


def pixel(x, y):
    rough = ((x * 2654435761 ^ y * 40503) >> 7) & 63
    return ((x * 3 + rough) % 256, (y * 5 + rough) % 256, ((x * y) // 9 + 2 * rough) % 256)


image = Image.new("RGB", (WIDTH, HEIGHT))
image.putdata([pixel(x, y) for y in range(HEIGHT) for x in range(WIDTH)])
turned = Image.Exif()
turned[0x0112] = 6
for name, more in {
    "photo.jpg": {"quality": 85, "subsampling": 2},
    "sharp.jpg": {"quality": 92, "subsampling": 0},
    "turned.jpg": {"quality": 80, "exif": turned.tobytes()},
    "chart.png": {},
    "photo.webp": {"quality": 75},
}.items():
    image.save(os.path.join(sys.argv[1], name), **more)
image.quantize(32).save(os.path.join(sys.argv[1], "few.gif"))
