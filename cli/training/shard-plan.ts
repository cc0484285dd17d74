/** Bytes of one file that travel as one tar entry: all of it, or a part where it does not fit into one shard. */
export interface Piece {
  /** The file's path in the prepared data set, with `/`. */
  readonly path: string;
  /** Where in the file the piece begins. */
  readonly offset: number;
  readonly bytes: number;
}

export interface ShardPlan {
  /** Such as `shard-00007.tar`. */
  readonly file: string;
  readonly pieces: readonly Piece[];
}

export const SHARD_BYTES = 256 * 1024 * 1024;

/**
 * Deals files out to tar shards: in the order of their paths, each whole unless it is larger than a shard, so that a
 * thousand clips travel as a few large objects and a still stack of gigabytes as many. The order that the files are given in
 * does not matter.
 *
 * @param shardBytes most bytes of content in one shard
 */
export function planShards(files: readonly { path: string; bytes: number }[], shardBytes = SHARD_BYTES): ShardPlan[] {
  const shards: Piece[][] = [];
  let room = 0;
  const openShard = () => {
    shards.push([]);
    room = shardBytes;
  };
  for (const { path, bytes } of [...files].sort((one, other) => (one.path < other.path ? -1 : 1))) {
    let offset = 0;
    do {
      const left = bytes - offset;
      if (shards.length === 0 || room === 0 || (left > room && left <= shardBytes)) openShard();
      const piece = { path, offset, bytes: Math.min(left, room) };
      shards.at(-1)?.push(piece);
      room -= piece.bytes;
      offset += piece.bytes;
    } while (offset < bytes);
  }
  return shards.map((pieces, index) => ({ file: `shard-${String(index).padStart(5, "0")}.tar`, pieces }));
}

/** The tar entry's name: the file's own where it is whole. */
export function entryName(piece: Piece, fileBytes: number): string {
  return piece.bytes === fileBytes ? piece.path : `${piece.path}.from-${piece.offset}`;
}
