import { statfs } from "node:fs/promises";

/** What a folder lies on, as far as it says how durable it is. */
export interface StoreMedium {
  readonly name: string;
  /** What durability rests on there, as a sentence. */
  readonly durability: string;
  readonly isLasting: boolean;
}

const local = "a put is flushed to the disk; it lasts as long as the disk keeps what it acknowledged";

/** By the magic numbers of statfs(2). */
const media: Readonly<Record<number, StoreMedium>> = {
  0x6969: { name: "NFS", durability: "a put is committed by the server; it must export `sync`", isLasting: true },
  0xfe534d42: { name: "SMB", durability: "a put is flushed by the server; it must honour flushes", isLasting: true },
  0xff534d42: { name: "SMB", durability: "a put is flushed by the server; it must honour flushes", isLasting: true },
  0x01021994: { name: "tmpfs", durability: "memory: nothing lasts over a restart", isLasting: false },
  0x858458f6: { name: "ramfs", durability: "memory: nothing lasts over a restart", isLasting: false },
  0xef53: { name: "ext4", durability: local, isLasting: true },
  0x58465342: { name: "XFS", durability: local, isLasting: true },
  0x9123683e: { name: "btrfs", durability: local, isLasting: true },
  0x2fc12fc1: { name: "ZFS", durability: local, isLasting: true },
  0x65735546: { name: "FUSE", durability: "what flushing means there, only its program knows", isLasting: true },
};

export async function readFileMedium(folder: string): Promise<StoreMedium | null> {
  // The number is signed on some platforms.
  return media[(await statfs(folder)).type >>> 0] ?? null;
}
