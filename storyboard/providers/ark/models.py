"""Ark's models, limits and prices as dated data with their sources: one row per model.

The rows of Seedance 2.0 and 2.0 fast are from the vendor's API description of April 2026, and are the default. The
limits of the same models in later copies of the vendor's documents are rows of their own, named by the model and a
date. The other models were never tried, and their rows note that.
"""

from __future__ import annotations

from dataclasses import replace

from storyboard.language.capability import MEGABYTE, Capability, ClipLimits, ImageLimits, Price

SEED = "the vendor's API description of Seedance 2.0, April 2026"
LATER = "copies of the vendor's documents, October 2026"

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
ALL_MODES = ("text", "first_frame", "first_last", "reference", "edit", "extend")
PIXELS = {
    ("480p", "16:9"): (864, 496),
    ("480p", "4:3"): (752, 560),
    ("480p", "1:1"): (640, 640),
    ("480p", "3:4"): (560, 752),
    ("480p", "9:16"): (496, 864),
    ("480p", "21:9"): (992, 432),
    ("720p", "16:9"): (1280, 720),
    ("720p", "4:3"): (1112, 834),
    ("720p", "1:1"): (960, 960),
    ("720p", "3:4"): (834, 1112),
    ("720p", "9:16"): (720, 1280),
    ("720p", "21:9"): (1470, 630),
}
"""Width and height by resolution and ratio: the vendor's table of output sizes for the 2.0 family."""
LARGER = {
    ("1080p", "16:9"): (1920, 1080),
    ("1080p", "4:3"): (1664, 1248),
    ("1080p", "1:1"): (1440, 1440),
    ("1080p", "3:4"): (1248, 1664),
    ("1080p", "9:16"): (1080, 1920),
    ("1080p", "21:9"): (2206, 946),
}
LARGEST = {
    ("4k", "16:9"): (3840, 2160),
    ("4k", "4:3"): (3326, 2494),
    ("4k", "1:1"): (2880, 2880),
    ("4k", "3:4"): (2494, 3326),
    ("4k", "9:16"): (2160, 3840),
    ("4k", "21:9"): (4398, 1886),
}


def _prices(plain: float, with_video: float) -> dict[str, Price]:
    """The same price for the two resolutions that every model has."""
    return dict.fromkeys(("480p", "720p"), Price("CNY", plain, with_video, "2026-10"))


SEEDANCE_2 = Capability(
    name="seedance-2.0",
    id="doubao-seedance-2-0-260128",
    dated="2026-04",
    source=SEED,
    verified=True,
    modes=ALL_MODES,
    ratios=RATIOS,
    resolutions=("480p", "720p"),
    shortest=4,
    longest=15,
    auto_duration=True,
    seeds=(-1, 2**32 - 1),
    expiry=(3600, 259_200),
    images=9,
    videos=3,
    audios=3,
    image=ImageLimits(
        formats=("jpeg", "png", "webp", "bmp", "tiff", "gif"),
        shape=(0.4, 2.5),
        side=(300, 6000),
        below_bytes=30 * MEGABYTE,
    ),
    video=ClipLimits(
        formats=("mp4", "mov"),
        seconds=(2, 15),
        together=15,
        below_bytes=50 * MEGABYTE,
        tolerance=0.2,
        area=(409_600, 927_408),
        fps=(24, 60),
    ),
    audio=ClipLimits(formats=("wav", "mp3"), seconds=(2, 15), together=15, below_bytes=15 * MEGABYTE, tolerance=0.2),
    sound_alone=False,
    words=1000,
    characters=500,
    body_bytes=64 * MEGABYTE,
    pixels=PIXELS,
    prices=_prices(46.0, 28.0),
)
"""480p to 720p, the description's range for videos, is 409,600 to 927,408 pixels in the vendor's own examples."""

SEEDANCE_2_FAST = replace(
    SEEDANCE_2,
    name="seedance-2.0-fast",
    id="doubao-seedance-2-0-fast-260128",
    prices=_prices(37.0, 22.0),
)


def _later(row: Capability) -> Capability:
    """The same model by the later documents: larger videos among the inputs."""
    video = replace(row.video, below_bytes=200 * MEGABYTE, area=(407_696, 8_295_044))
    formats = (*row.image.formats, "heic")
    return replace(
        row,
        name=f"{row.name}@2026-10",
        dated="2026-10",
        source=LATER,
        verified=False,
        video=video,
        image=replace(row.image, formats=formats),
        note="its limits are from later documents, and differ from the description that this project goes by",
    )


SEEDANCE_2_MINI = replace(
    SEEDANCE_2,
    name="seedance-2.0-mini",
    id="doubao-seedance-2-0-mini-260615",
    dated="2026-10",
    source=LATER,
    verified=False,
    prices=_prices(23.0, 14.0),
    note="it was never tried: its limits are from copies of the vendor's documents",
)

SEEDANCE_25 = replace(
    SEEDANCE_2,
    name="seedance-2.5",
    id="doubao-seedance-2-5-260628",
    dated="2026-10",
    source=LATER,
    verified=False,
    resolutions=("480p", "720p", "1080p"),
    longest=30,
    images=30,
    videos=10,
    audios=10,
    image=replace(SEEDANCE_2.image, formats=(*SEEDANCE_2.image.formats, "heic")),
    video=replace(
        SEEDANCE_2.video,
        seconds=(2, 30),
        together=30,
        below_bytes=200 * MEGABYTE,
        area=(407_696, 8_295_044),
    ),
    audio=replace(SEEDANCE_2.audio, seconds=(2, 30), together=30),
    sound_alone=True,
    pixels={
        **PIXELS,
        ("480p", "16:9"): (854, 480),
        ("480p", "9:16"): (480, 854),
        **LARGER,
    },
    prices={**_prices(70.0, 42.0), "1080p": Price("CNY", 77.0, 46.0, "2026-10")},
    note="it was never tried: its limits are from copies of the vendor's documents",
)

SEEDANCE_15 = replace(
    SEEDANCE_2,
    name="seedance-1.5-pro",
    id="doubao-seedance-1-5-pro-251215",
    dated="2026-10",
    source=LATER,
    verified=False,
    modes=("text", "first_frame", "first_last"),
    resolutions=("480p", "720p", "1080p"),
    longest=12,
    images=2,
    videos=0,
    audios=0,
    pixels={**PIXELS, **LARGER},
    prices={**_prices(16.0, 16.0), "1080p": Price("CNY", 16.0, 16.0, "2026-10")},
    note="it was never tried, its price in CNY was never verified, and outside China it was shut in November 2026",
)

ROWS = (
    SEEDANCE_2,
    SEEDANCE_2_FAST,
    _later(
        replace(
            SEEDANCE_2,
            resolutions=("480p", "720p", "1080p", "4k"),
            pixels={**PIXELS, **LARGER, **LARGEST},
            prices={
                **_prices(46.0, 28.0),
                "1080p": Price("CNY", 51.0, 31.0, "2026-10"),
                "4k": Price("CNY", 26.0, 16.0, "2026-10"),
            },
        )
    ),
    _later(SEEDANCE_2_FAST),
    SEEDANCE_2_MINI,
    SEEDANCE_25,
    SEEDANCE_15,
)
"""Prices for a million tokens, without and with a video among the inputs; promotions are left out. That of 1.5 pro is
a reading of its price in dollars."""
