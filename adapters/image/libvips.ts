import sharp from "sharp";

// sharp's settings belong to the process, so they are made in one place, before its first use.

// Only these formats reach their parsers; SVG, GIF, HEIF and the rest stay shut even where the magic bytes lie.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadTiffBuffer"],
});

// No picture is decoded twice: a cache would only make memory grow with the archive.
sharp.cache(false);

// One thread per picture: an 800 x 800 frame is too small to share.
sharp.concurrency(1);

export { sharp };
