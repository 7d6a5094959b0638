# Writes the LAZ files of this folder with other people's packers: `pip install laspy lazrs laszip`, then run it here. The
# points follow formulas, which laz_layers_test.cpp knows too; nothing of them is measured.
import io
import struct

import laspy
import lazrs
import numpy as np

CHUNKS_DIFFER = 0xFFFFFFFF


def cloud(point_format, count, extra=False):
    """Points of all kinds of returns from three channels, with values that change now by little, now by much."""
    header = laspy.LasHeader(version="1.4", point_format=point_format)
    header.scales, header.offsets = [0.01] * 3, [200_000, 600_000, 0]
    if extra:
        header.add_extra_dims([laspy.ExtraBytesParams("amplitude", "u2"), laspy.ExtraBytesParams("deviation", "u1")])
    las = laspy.LasData(header)
    i = np.arange(count)
    las.X, las.Y, las.Z = 25 * i + i * 7919 % 40, i * i % 3001, i * 31 % 997 - 400
    las.number_of_returns = 1 + i // 3 * 7 % 15
    las.return_number = 1 + i % las.number_of_returns
    las.scanner_channel = i // 20 % 3
    las.intensity = i * i * 37 % 65_536
    las.classification = np.array([2, 6, 5, 200])[i // 7 % 4]
    las.scan_angle = i // 9 * 50 % 20_000 - 10_000
    las.user_data = i // 11 % 256
    las.point_source_id = i // 100
    las.gps_time = 1e6 + i // 3 * 1e-5 + i // 50 * 0.75
    if "red" in las.point_format.dimension_names:
        las.red, las.green, las.blue = i * 300 % 65_536, i * 301 % 65_536, np.where(i % 5 == 0, i * 300 % 65_536, i // 2)
    if "nir" in las.point_format.dimension_names:
        las.nir = i * 11 % 65_536
    if "wavepacket_offset" in las.point_format.dimension_names:
        las.wavepacket_index, las.wavepacket_offset, las.wavepacket_size = 1 + i % 3, i * 160, 160 + i % 4
    if extra:
        las.amplitude, las.deviation = i * 13 % 65_536, i % 9
    return las


def written(las, backend):
    to = io.BytesIO()
    las.write(to, do_compress=True, laz_backend=backend)
    return to.getvalue()


def in_chunks(las, sizes):
    """The same in chunks of these sizes, as COPC files have them."""
    to = io.BytesIO()
    las.write(to, do_compress=False)
    plain = to.getvalue()
    head_bytes, points_at, records = struct.unpack_from("<HII", plain, 94)
    point_bytes, = struct.unpack_from("<H", plain, 105)
    packing = lazrs.LazVlr.new_for_compression(las.point_format.id, las.point_format.num_extra_bytes, True)
    record = bytes(packing.record_data())
    head = bytearray(plain[:points_at])
    head += struct.pack("<H16sHH32s", 0, b"laszip encoded", 22204, len(record), b"") + record
    struct.pack_into("<II", head, 96, len(head), records + 1)
    head[104] |= 0x80
    out = io.BytesIO()
    out.write(head)
    packer = lazrs.LasZipCompressor(out, packing)
    at = points_at
    for size in sizes:
        packer.compress_many(np.frombuffer(plain[at:at + size * point_bytes], np.uint8))
        packer.finish_current_chunk()
        at += size * point_bytes
    packer.done()
    return out.getvalue()


def regular(count):
    """So many points in a straight line that they fill more than one chunk of the usual size."""
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales = [0.01] * 3
    las = laspy.LasData(header)
    i = np.arange(count)
    las.X, las.Y, las.Z, las.classification = 50 * i, 20 * i, i // 100, 0 * i + 2
    las.number_of_returns = las.return_number = 0 * i + 1
    return las


def main():
    lazrs_backend, laszip_backend = laspy.LazBackend.Lazrs, laspy.LazBackend.Laszip
    files = {
        "format-6-lazrs.laz": written(cloud(6, 400), lazrs_backend),
        "format-7-extra-laszip.laz": written(cloud(7, 400, extra=True), laszip_backend),
        "format-8-chunks-lazrs.laz": in_chunks(cloud(8, 400), [1, 150, 49, 200]),
        "format-10-laszip.laz": written(cloud(10, 250), laszip_backend),
        "format-6-line-laszip.laz": written(regular(50_100), laszip_backend),
        "format-3-chunks-lazrs.laz": in_chunks(old_cloud(400), [1, 150, 49, 200]),
    }
    for name, data in files.items():
        with open(name, "wb") as file:
            file.write(data)
        print(name, len(data))


def old_cloud(count):
    """Points of format 3 in chunks that differ."""
    header = laspy.LasHeader(version="1.2", point_format=3)
    header.scales, header.offsets = [0.01] * 3, [200_000, 600_000, 0]
    las = laspy.LasData(header)
    i = np.arange(count)
    las.X, las.Y, las.Z = 25 * i + i * 7919 % 40, i * i % 3001, i * 31 % 997 - 400
    las.number_of_returns = 1 + i // 3 * 7 % 5
    las.return_number = 1 + i % las.number_of_returns
    las.intensity = i * i * 37 % 65_536
    las.classification = np.array([2, 6, 5, 20])[i // 7 % 4]
    las.red, las.green, las.blue = i * 300 % 65_536, i * 301 % 65_536, np.where(i % 5 == 0, i * 300 % 65_536, i // 2)
    las.gps_time = 1e6 + i // 3 * 1e-5 + i // 50 * 0.75
    return las


if __name__ == "__main__":
    main()
