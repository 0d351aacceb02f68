import type { CallOptions } from "./stamp.ts";

/** A disk image file that is being written beside its final name. Disposing without `commit` removes it. */
export interface ImageFile extends AsyncDisposable {
  write(offsetBytes: number, data: Uint8Array): Promise<void>;
  /** Replaces what was written by what `work` makes of it, as another file beside the final name. */
  convert(work: (fromPath: string, toPath: string) => Promise<void>): Promise<void>;
  /** Makes the file durable and gives it its name. Raises `engine.export.file-exists` where the name is taken. */
  commit(): Promise<void>;
}

export interface ImageFiles {
  /** Begins a sparse file of a fixed size. Raises `engine.export.file-exists` where the name is taken. */
  create(path: string, sizeBytes: number): Promise<ImageFile>;
}

/** A program that converts disk images, such as qemu-img. */
export interface DiskImageTool {
  convertRawToQcow2(rawPath: string, qcow2Path: string, options?: CallOptions): Promise<void>;
}
