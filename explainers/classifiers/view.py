"""How a photo becomes a classifier's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

Box = tuple[float, float, float, float]
Fit = Literal["crop", "pad"]
Interpolation = Literal["nearest", "bilinear", "bicubic"]
MAX_SCALED_PIXELS = 2**22  # a photo that would be larger is cropped and scaled in one step


@dataclass(frozen=True)
class View:
    """How a photo is scaled and cropped for a classifier.

    resize:        length of the photo's short side before the crop, in pixels; None: that of the classifier's input.
    interpolation: "nearest", "bilinear" or "bicubic" (with antialiasing).
    fit:           "crop" shows the middle of the photo, "pad" the whole photo with black bars.
    """

    resize: int | None = None
    interpolation: Interpolation = "bilinear"
    fit: Fit = "crop"

    def apply(self, photo: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, Box]:
        """Return the photo at `size` (height, width), and the box (left, top, right, bottom) of it that this shows.

        The crop equals torchvision's `Resize(resize)` and `CenterCrop(size)`, pixel for pixel. Only a photo of extreme
        proportions, whose scaled form would be very large, is scaled and cropped in one step. The box
        is in the photo's pixels; with "pad" it reaches beyond the photo.
        """
        return self._crop(photo, size) if self.fit == "crop" else self._pad(photo, size)

    def _crop(self, photo: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, Box]:
        (height, width), resize = size, self.resize or min(size)
        tall, wide = (round(resize * side / min(size)) for side in size)
        if tall * photo.width >= wide * photo.height:  # the photo's height decides the scale
            scaled = tall, max(wide, int(tall * photo.width / photo.height))
        else:
            scaled = max(tall, int(wide * photo.height / photo.width)), wide
        top, left = (round((whole - part) / 2) for whole, part in zip(scaled, size, strict=True))
        down, right = photo.height / scaled[0], photo.width / scaled[1]
        box = left * right, top * down, (left + width) * right, (top + height) * down
        if scaled[0] * scaled[1] > MAX_SCALED_PIXELS:
            return photo.resize((width, height), self._filter, box=box), box
        # In two steps, because Pillow may scale a part in another order of its two passes: then one pixel in five of a
        # portrait-format photo differs by a grey level or more.
        whole = photo.resize(scaled[::-1], self._filter)
        return whole.crop((left, top, left + width, top + height)), box

    def _pad(self, photo: Image.Image, size: tuple[int, int]) -> tuple[Image.Image, Box]:
        height, width = size
        scale = min(height / photo.height, width / photo.width)
        tall, wide = max(1, round(photo.height * scale)), max(1, round(photo.width * scale))
        top, left = (height - tall) // 2, (width - wide) // 2
        canvas = Image.new(photo.mode, (width, height))
        canvas.paste(photo.resize((wide, tall), self._filter), (left, top))
        down, right = photo.height / tall, photo.width / wide
        return canvas, (-left * right, -top * down, (width - left) * right, (height - top) * down)

    @property
    def _filter(self) -> Image.Resampling:
        return Image.Resampling[self.interpolation.upper()]
