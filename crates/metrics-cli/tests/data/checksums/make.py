"""Parquet files with checksums, one a compression: the parquet crate writes none. Made with pyarrow 26.0.1."""

import pyarrow as pa
import pyarrow.parquet as pq

N_ROWS = 40
TABLE = pa.table(
    {
        "s": pa.array([(i * 7919 % 101) / 101 for i in range(N_ROWS)], pa.float64()),
        "y": pa.array([i * 31 % 3 == 0 for i in range(N_ROWS)], pa.bool_()),
        "w": pa.array([i % 5 + 1 for i in range(N_ROWS)], pa.int8()),
        "g": pa.array(["left", "middle", "right", "right"] * (N_ROWS // 4)),
    }
)


def write(name, page_version="1.0", compression="none", checksums=True):
    pq.write_table(
        TABLE,
        f"{name}.parquet",
        compression=compression,
        data_page_version=page_version,
        row_group_size=N_ROWS // 2,
        # Scores and weights are PLAIN, labels are a dictionary.
        use_dictionary=["g"],
        # Page headers stay short: what is in them no checksum covers.
        write_statistics=False,
        write_page_checksum=checksums,
        store_schema=False,
    )


for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    write(codec, compression=codec)
write("zstd_v2", "2.0", "zstd")
write("no_checksums", checksums=False)
