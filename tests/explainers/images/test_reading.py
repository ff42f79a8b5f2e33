"""Picture files become upright RGB photos, or are refused with a sentence."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from itertools import islice

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile, features

from explainers.errors import ExplanationError
from explainers.images import headers, reading
from explainers.images.reading import read, read_image
from tools.fuzz_pictures.files import mutations, valid_files

RED, GREEN, BLUE, WHITE = (200, 30, 60), (20, 160, 40), (10, 20, 220), (255, 255, 255)
FORMATS = [name for name in headers.FORMATS if name != "AVIF" or features.check("avif")]
SHARPEST = {"JPEG": {"quality": 95}, "WebP": {"lossless": True}, "AVIF": {"quality": 95}, "HEIF": {"quality": 95}}
LOSSY = {"JPEG", "AVIF", "HEIF"}

UNREADABLE = "cannot be read: its file is damaged, cut short or of an unusual kind.$"
NO_PICTURE = "^This file is not a picture that can be read; JPEG, PNG, WebP, BMP, GIF, TIFF, AVIF and HEIC files can.$"


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **SHARPEST.get(kind, {}) | options)
    return file.getvalue()


def flags(width: int = 48, height: int = 32) -> Image.Image:
    """Four fields of different colours: no turn or mirror image of it looks alike."""
    picture = Image.new("RGB", (width, height), RED)
    for colour, x, y in ((GREEN, width // 2, 0), (BLUE, 0, height // 2), (WHITE, width // 2, height // 2)):
        picture.paste(colour, (x, y, x + width // 2, y + height // 2))
    return picture


def noise(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def flat(mode: str, colour) -> Image.Image:
    return Image.new(mode, (8, 8), colour)


def grey(values, dtype) -> Image.Image:
    """A picture of 8 equal rows."""
    return Image.fromarray(np.tile(np.array(values, dtype), (8, 1)))


def png(width: int, height: int, depth: int, colour: int, rows: bytes = b"") -> bytes:
    """A PNG file written by hand, for what Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(**tags: int) -> bytes:
    """A TIFF file of one deflated grey tile that is not there."""
    numbers = {"width": 256, "height": 257, "depth": 258, "compression": 259, "photometric": 262}
    numbers |= {"tile_width": 322, "tile_height": 323, "tile_offset": 324, "tile_bytes": 325}
    tags = {"depth": 8, "compression": 8, "photometric": 1, "tile_offset": 8, "tile_bytes": 8} | tags
    rows = [struct.pack("<HHII", number, 4, 1, tags[name]) for name, number in numbers.items()]
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + b"".join(rows) + bytes(4)


def raw_tiff(pixels: np.ndarray, photometric: int = 1, extra: int = 0) -> bytes:
    """A TIFF file of one strip, with so many extra bands of no meaning."""
    height, width, bands = np.atleast_3d(pixels).shape
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    at = 8 + pixels.nbytes
    tags = [(256, 1, width), (257, 1, height), (258, 1, 8 * pixels.itemsize), (262, 1, photometric), (273, 1, 8)]
    tags += [(277, 1, bands), (279, 1, pixels.nbytes)]
    zeros = at + 2 + 12 * (len(tags) + 1 + (extra > 0)) + 4
    tags += [(338, extra, 0 if extra <= 2 else zeros)] * (extra > 0) + [(339, 1, kind)]
    rows = [struct.pack("<HHII", number, 3 if number == 338 else 4, *rest) for number, *rest in tags]
    directory = struct.pack("<H", len(rows)) + b"".join(rows)
    return b"II*\0" + struct.pack("<I", at) + pixels.tobytes() + directory + bytes(4 + 2 * extra)


def colours(photo: Image.Image) -> list[tuple[int, ...]]:
    """The colours of the first row."""
    return [photo.getpixel((x, 0)) for x in range(photo.width)]


def assert_alike(photo: Image.Image, expected: Image.Image, tolerance: int = 0) -> None:
    assert (photo.mode, photo.size) == ("RGB", expected.size)
    difference = np.abs(np.asarray(photo, int) - np.asarray(expected, int))
    assert np.median(difference) <= tolerance  # lossy formats blur where two colours meet
    assert (difference > tolerance).mean() < 0.2 * (tolerance > 0) + 1e-9


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read(kind):
    assert_alike(read_image(saved(flags(), kind)), flags(), tolerance=4 if kind in LOSSY else 0)


@pytest.mark.parametrize("kind", [*(name for name in FORMATS if name not in {"JPEG", "BMP"}), "MPO"])
def test_of_several_pictures_in_a_file_the_first_is_read(kind):
    data = saved(flat("RGB", RED), kind, save_all=True, append_images=[flat("RGB", BLUE)])
    assert colours(read_image(data))[0] == pytest.approx(RED, abs=4)


@pytest.mark.parametrize("kind", [name for name in FORMATS if name not in {"BMP", "GIF"}])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_same_upright_picture(orientation, kind):
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}  # the others undo themselves
    turn = undo.get(orientation, reading.UPRIGHT_TURNS.get(orientation))
    stored = flags() if turn is None else flags().transpose(turn)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    # As bytes, because a HEIC file tells how to turn it elsewhere, and only from bytes does its writer learn it.
    photo = read_image(saved(stored, kind, exif=exif.tobytes()))
    assert_alike(photo, flags(), tolerance=4 if kind in LOSSY else 0)
    assert not photo.getexif()  # or the next program turns it again


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage!", b"garbage", b"Exif\0\0MM\0*", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\1"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_a_broken_exif_block_does_not_lose_the_picture(kind, exif):
    assert_alike(read_image(saved(flags(), kind, exif=exif)), flags(), tolerance=4)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_is_none(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert_alike(read_image(saved(flags(), "PNG", exif=exif)), flags())


@pytest.mark.parametrize(
    ("picture", "kind", "expected"),
    [
        (flat("1", 1), "PNG", WHITE),
        (flat("1", 1), "TIFF", WHITE),
        (flat("L", 77), "PNG", (77, 77, 77)),
        (flat("L", 77), "JPEG", (77, 77, 77)),
        (flat("RGB", RED).quantize(4), "PNG", RED),
        (flat("RGB", RED).quantize(4), "BMP", RED),
        (flat("LA", (55, 51)), "PNG", (215, 215, 215)),
        (flat("RGBA", (0, 100, 255, 51)), "PNG", (204, 224, 255)),
        (flat("RGBA", (0, 100, 255, 51)), "TIFF", (204, 224, 255)),
        (flat("RGBA", (9, 9, 9, 0)), "WebP", WHITE),
        (flat("CMYK", (255, 0, 0, 0)), "TIFF", (0, 255, 255)),
        (flat("CMYK", (0, 255, 0, 0)), "JPEG", (255, 0, 255)),
        (flat("YCbCr", (77, 128, 128)), "TIFF", (77, 77, 77)),
        (flat("LAB", (137, 128, 128)), "TIFF", (128, 128, 128)),
    ],
)
def test_every_mode_becomes_rgb(picture, kind, expected):
    assert set(colours(read_image(saved(picture, kind)))) == {expected}


@pytest.mark.parametrize(
    ("picture", "transparency", "expected"),
    [
        (grey([7] * 4 + [90] * 4, np.uint8), 7, [WHITE, (90, 90, 90)]),
        (flat("1", 0), 0, [WHITE, WHITE]),
        (flat("RGB", RED), RED, [WHITE, WHITE]),
        (flat("RGB", RED), BLUE, [RED, RED]),
        (grey([7] * 4 + [25700] * 4, np.uint16), 7, [WHITE, (100, 100, 100)]),
    ],
)
def test_a_colour_declared_transparent_shows_white(picture, transparency, expected):
    photo = read_image(saved(picture, "PNG", transparency=transparency))
    assert [colours(photo)[0], colours(photo)[-1]] == expected


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_entry_declared_transparent_shows_white(kind):
    palette = flat("P", 1)
    palette.putpalette([0, 0, 0, *RED, *BLUE])
    palette.paste(2, (4, 0, 8, 8))
    photo = read_image(saved(palette, kind, transparency=1))
    assert (colours(photo)[0], colours(photo)[-1]) == (WHITE, BLUE)


def test_palette_entries_may_be_half_transparent():
    palette = flat("P", 1)
    palette.putpalette([0, 0, 0, 0, 100, 255])
    assert set(colours(read_image(saved(palette, "PNG", transparency=bytes([255, 51]))))) == {(204, 224, 255)}


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([0, 128, 257, 25700, 65278, 65407, 65535, 65535], np.uint16, "PNG"),
        ([0, 128, 257, 25700, 65278, 65407, 65535, 65535], np.uint16, "TIFF"),
        ([0, 128, 257, 25700, 65278, 65407, 65535, 65535], ">u2", "TIFF"),
        ([-9, 128, 257, 25700, 65278, 65407, 65535, 65535], np.int32, "TIFF"),
        ([0, 128, 257, 25700, 65278, 65407, 65535, np.nan], np.float32, "TIFF"),
        ([0, 0.5, 1, 100, 254, 254.5, 255, -np.inf], np.float32, "TIFF"),
        ([0, 1 / 512, 1 / 255, 100 / 255, 254 / 255, 254.5 / 255, 1, np.inf], np.float32, "TIFF"),
        ([0, 5e5, 1e6, 1e8, 254e6, 2545e5, 255e6, np.nan], np.float32, "TIFF"),
        ([0, 500_000, 1_000_000, 100_000_000, 254_000_000, 254_500_000, 255_000_000, 0], np.int32, "TIFF"),
    ],
)
def test_more_than_8_bits_are_scaled_and_not_clipped(values, dtype, kind):
    photo = read_image(saved(grey(values, dtype), kind))
    found = [pixel[0] for pixel in colours(photo)]
    assert found[:7] == [0, 0, 1, 100, 254, pytest.approx(254.5, abs=0.5), 255]
    assert found[7] == (255 if values[7] == 65535 else 0)  # what is no finite number is black


def test_16_bits_per_channel_are_scaled():
    row = b"\0" + struct.pack(">HHH", 0, 25700, 65535) * 8
    assert set(colours(read_image(png(8, 8, 16, 2, row * 8)))) == {(0, 100, 255)}


def test_what_the_file_said_of_itself_is_left_behind():
    assert (
        read_image(saved(flat("RGB", RED), "PNG", transparency=BLUE, dpi=(72, 72), icc_profile=b"profile")).info == {}
    )


def test_an_empty_file_is_refused():
    with pytest.raises(ExplanationError, match=r"^The file is empty\.$"):
        read_image(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"hello, world",
        b"%PDF-1.7 ...",
        b"<svg></svg>",
        bytes(1000),
        b"\0",
        saved(flags(), "PPM"),
        saved(flags(), "ICO"),
    ],
    ids=["text", "PDF", "SVG", "zeros", "one byte", "PPM", "ICO"],
)
def test_what_is_no_picture_of_a_known_format_is_refused(data):
    with pytest.raises(ExplanationError, match=NO_PICTURE):
        read_image(data)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_picture_cut_short_is_refused(kind, part):
    data = saved(noise(), kind)
    with pytest.raises(ExplanationError, match=UNREADABLE):
        read_image(data[: int(part * len(data))])


def test_a_kind_of_tiff_that_pillow_does_not_know_is_no_other_format():
    with pytest.raises(ExplanationError, match=UNREADABLE):
        read_image(tiff(width=8, height=8, tile_width=8, tile_height=8, depth=64))


@pytest.mark.parametrize("size", [(7, 40), (40, 7), (1, 1)])
def test_a_picture_with_too_short_a_side_is_refused(size):
    sentence = f"^The picture is {size[0]} by {size[1]} pixels; each side must have at least 8.$"
    with pytest.raises(ExplanationError, match=sentence):
        read_image(saved(flags().resize(size), "PNG"))


def test_the_shortest_side_may_be_as_short_as_it_says():
    assert read_image(saved(flags(8, 8), "PNG")).size == (8, 8)


def test_a_file_of_more_bytes_than_allowed_is_refused():
    picture = saved(flags(), "PNG")
    padded = picture + bytes(reading.MAX_BYTES - len(picture))
    assert_alike(read_image(padded), flags())
    with pytest.raises(ExplanationError, match=r"^The file is 20\.1 MB large; up to 20 MB are read\.$"):
        read_image(padded + b"\0")


@pytest.mark.parametrize(
    ("size", "megapixels"),
    [
        ((10_001, 5_000), "50.1"),
        ((12_000, 10_000), "120"),
        ((100_000, 100_000), "10,000"),
        ((2**31 - 1, 8), "17,179.9"),
    ],
    ids=["above our limit", "Pillow warns", "Pillow refuses", "a very long one"],
)
def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch, size, megapixels):
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)  # decoding would give another sentence
    with pytest.raises(ExplanationError, match=f"^The picture has {megapixels} megapixels; up to 50 are read. Please"):
        read_image(png(*size, 8, 2))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_where_pillow_only_warns():
    with pytest.raises(ExplanationError, match=r"^The picture has 120 megapixels; up to 50 are read\."):
        read_image(png(12_000, 10_000, 8, 2))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "JPEG"])
def test_bombs_of_other_formats_are_refused_as_well(kind):
    data = bytearray(saved(flags(), kind))
    at, layout = {"GIF": (6, "<HH"), "BMP": (18, "<II"), "JPEG": (data.find(b"\xff\xc0") + 5, ">HH")}[kind]
    struct.pack_into(layout, data, at, 60_000, 60_000)
    with pytest.raises(ExplanationError, match=r"^The picture has 3,600 megapixels; up to 50 are read\."):
        read_image(bytes(data))


def test_a_tile_larger_than_its_picture_counts_as_a_bomb():
    with pytest.raises(ExplanationError, match=r"^The picture has 400 megapixels; up to 50 are read\."):
        read_image(tiff(width=100, height=100, tile_width=20_000, tile_height=20_000))


def test_exactly_as_many_pixels_as_allowed_are_read(monkeypatch):
    monkeypatch.setattr(reading, "MAX_PIXELS", 48 * 32)
    assert_alike(read_image(saved(flags(48, 32), "PNG")), flags(48, 32))
    with pytest.raises(ExplanationError, match="megapixels"):
        read_image(saved(flags(48, 34), "PNG"))


@pytest.mark.parametrize("name", valid_files())
def test_damaged_bytes_give_a_photo_or_a_sentence(monkeypatch, name):
    monkeypatch.setattr(reading, "MAX_PIXELS", 10**6)  # so that a damaged size costs little
    for data in islice(mutations(valid_files()[name], name), 3):
        with suppress(ExplanationError):
            assert read_image(data).mode == "RGB"


def values(kind: str) -> tuple[bytes, list[int]]:
    """A file of 8 equal rows with 12 bits of 16 in use, and the grey values of a row."""
    row, greys = np.array([0, 1000, 2000, 4095] * 2, np.uint16), [0, 62, 125, 255] * 2  # 4095 / 255 = 16.06 each
    if kind in ("PNG", "TIFF"):
        return saved(grey(row, np.uint16), kind), greys
    channels = {"grey and opacity": 2, "RGB": 3, "RGB and opacity": 4}[kind]
    pixels = np.repeat(row[:, None], channels, -1)
    if channels in (2, 4):
        pixels[:, -1] = 65535
    colour = {2: 4, 3: 2, 4: 6}[channels]
    return png(8, 8, 16, colour, (b"\0" + pixels.astype(">u2").tobytes()) * 8), greys


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "grey and opacity", "RGB", "RGB and opacity"])
def test_12_bits_in_16_are_shown_from_black_to_white(kind):
    data, greys = values(kind)
    photo = read(data)
    assert colours(photo.image) == [(value,) * 3 for value in greys]
    assert photo.note == "Its 16-bit integers from 0 to 4,095 are shown from black to white."
    assert photo.adjustable
    whole = read(data, levels="type")
    assert colours(whole.image) == [(value,) * 3 for value in [0, 4, 8, 16] * 2]
    assert whole.note == "Its 16-bit integers from 0 to 65,535 are shown from black to white."


@pytest.mark.parametrize(("photometric", "expected"), [(1, [0, 62, 125, 255]), (0, [255, 193, 130, 0])])
def test_a_tiff_says_whether_0_is_black_or_white(photometric, expected):
    pixels = np.tile(np.array([0, 1000, 2000, 4095] * 2, np.uint16), (8, 1))
    assert colours(read_image(raw_tiff(pixels, photometric=photometric))) == [(value,) * 3 for value in expected * 2]


@pytest.mark.parametrize(
    ("dtype", "low", "high", "levels", "note"),
    [
        (np.int16, -1000, 2000, "automatic", "Its signed 16-bit integers from −1,000 to 2,000 are"),
        (np.int16, 0, 4095, "automatic", "Its signed 16-bit integers from 0 to 4,095 are"),
        (np.int16, -32768, 32767, "type", "Its signed 16-bit integers from −32,768 to 32,767 are"),
        (np.int32, -70_000, 70_000, "automatic", "Its signed 32-bit integers from −70,000 to 70,000 are"),
        (np.int32, 0, 2047, "extremes", "Its signed 32-bit integers from 0 to 2,047 are"),
        (np.uint32, 2**31, 2**32 - 1, "automatic", "Its 32-bit integers from 2,147,483,648 to 4,294,967,295 are"),
        (np.float32, 0, 1, "automatic", "Its 32-bit floating-point numbers from 0 to 1 are"),
        (np.float32, -2, 2, "automatic", "Its 32-bit floating-point numbers from −2 to 2 are"),
    ],
)
def test_scientific_pictures_are_shown_from_black_to_white(dtype, low, high, levels, note):
    row = np.linspace(low, high, 8).astype(dtype)
    photo = read(raw_tiff(np.tile(row, (8, 1))), levels=levels)
    greys = [pixel[0] for pixel in colours(photo.image)]
    assert greys == pytest.approx(np.linspace(0, 255, 8), abs=1)
    assert photo.note == f"{note} shown from black to white."


def test_one_pixel_beyond_1_does_not_turn_the_picture_black():
    pixels = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    expected = read_image(raw_tiff(pixels))
    pixels[5, 63] = 1.0001  # where it was white
    assert_alike(read_image(raw_tiff(pixels)), expected)


def test_levels_that_do_not_exist_are_refused():
    with pytest.raises(
        ExplanationError, match=r"^The levels must be one of automatic, type, percentiles, extremes, not 'bright'"
    ):
        read_image(saved(flags(), "PNG"), levels="bright")


def test_pictures_of_8_bits_have_no_levels():
    photo = read(saved(flags(), "PNG"), levels="extremes")
    assert (photo.note, photo.adjustable) == ("", False)
    assert_alike(photo.image, flags())


@pytest.mark.parametrize(
    ("bands", "photometric", "dtype"), [(2, 1, np.uint8), (2, 1, np.uint16), (4, 1, np.uint8), (13, 1, np.uint16)]
)
def test_a_tiff_of_other_bands_is_refused_with_their_number(bands, photometric, dtype):
    with pytest.raises(ExplanationError, match=f"^The TIFF file has {bands} bands that don't make a grey or colour"):
        read_image(raw_tiff(np.zeros((8, 8, bands), dtype), photometric=photometric))


@pytest.mark.parametrize(
    ("bands", "photometric", "note"),
    [
        (2, 1, "Of its 2 bands, only the first is shown."),
        (4, 2, "Of its 4 bands, only the first 3 are shown."),
        (5, 2, "Of its 5 bands, only the first 3 are shown."),
    ],
)
def test_bands_of_no_meaning_are_left_out_and_that_is_said(bands, photometric, note):
    pixels = np.full((8, 8, bands), 9, np.uint8)
    pixels[..., 0] = 200
    photo = read(raw_tiff(pixels, photometric=photometric, extra=bands - (1 if photometric == 1 else 3)))
    assert photo.image.getpixel((0, 0)) == ((200, 200, 200) if photometric == 1 else (200, 9, 9))
    assert photo.note == note


def test_a_large_picture_is_scaled_down_by_a_whole_number():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 41, 3), dtype=np.uint8)
    photo = read(saved(Image.fromarray(pixels), "PNG"), kept_pixels=200)
    assert photo.image.size == (14, 10)  # by 3: by 2, 315 pixels would be left
    assert photo.note == "It was scaled down from 41 × 30 to 14 × 10 pixels when it was read."
    middle = pixels[:, :39].reshape(10, 3, 13, 3, 3).mean((1, 3))  # of nine pixels each
    assert np.abs(np.asarray(photo.image, float)[:, :13] - middle).max() < 1
    assert read(saved(Image.fromarray(pixels), "PNG"), kept_pixels=30 * 41).image.size == (41, 30)


def test_a_picture_of_many_rows_is_whole():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8))
    assert_alike(read_image(saved(picture, "PNG", compress_level=1)), picture)  # two pieces and a half
