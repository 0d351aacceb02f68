/** A VM size as `vmSizes` lists it. */
export interface VmSize {
  readonly name: string;
  readonly numberOfCores: number;
  readonly osDiskSizeInMB: number;
  readonly resourceDiskSizeInMB: number;
  readonly memoryInMB: number;
  readonly maxDataDiskCount: number;
}

/** Name, cores, memory in MiB, data disks, temporary disk in MiB (vm-sizes). */
const table: readonly (readonly [string, number, number, number, number])[] = [
  ["Basic_A0", 1, 768, 1, 20_480],
  ["Basic_A1", 1, 1792, 2, 40_960],
  ["Basic_A2", 2, 3584, 4, 61_440],
  ["Standard_A0", 1, 768, 1, 20_480],
  ["Standard_A1", 1, 1792, 2, 71_680],
  ["Standard_A2", 2, 3584, 4, 138_240],
  ["Standard_A1_v2", 1, 2048, 2, 10_240],
  ["Standard_A2_v2", 2, 4096, 4, 20_480],
  ["Standard_A4_v2", 4, 8192, 8, 40_960],
  ["Standard_A8_v2", 8, 16_384, 16, 81_920],
  ["Standard_D1_v2", 1, 3584, 4, 51_200],
  ["Standard_D2_v2", 2, 7168, 8, 102_400],
  ["Standard_D3_v2", 4, 14_336, 16, 204_800],
  ["Standard_D4_v2", 8, 28_672, 32, 409_600],
  ["Standard_D5_v2", 16, 57_344, 64, 819_200],
  ["Standard_DS1_v2", 1, 3584, 4, 7168],
  ["Standard_DS2_v2", 2, 7168, 8, 14_336],
  ["Standard_DS3_v2", 4, 14_336, 16, 28_672],
  ["Standard_DS4_v2", 8, 28_672, 32, 57_344],
  ["Standard_DS5_v2", 16, 57_344, 64, 114_688],
  ["Standard_DS11_v2", 2, 14_336, 8, 28_672],
  ["Standard_DS12_v2", 4, 28_672, 16, 57_344],
  ["Standard_F1", 1, 2048, 4, 16_384],
  ["Standard_F2", 2, 4096, 8, 32_768],
  ["Standard_F4", 4, 8192, 16, 65_536],
  ["Standard_F1s", 1, 2048, 4, 4096],
  ["Standard_F2s", 2, 4096, 8, 8192],
  ["Standard_F4s", 4, 8192, 16, 16_384],
  ["Standard_F2s_v2", 2, 4096, 4, 16_384],
  ["Standard_F4s_v2", 4, 8192, 8, 32_768],
];

const sizes: readonly VmSize[] = table.map(([name, cores, memory, dataDisks, temporary]) => ({
  name,
  numberOfCores: cores,
  osDiskSizeInMB: 1_047_552,
  resourceDiskSizeInMB: temporary,
  memoryInMB: memory,
  maxDataDiskCount: dataDisks,
}));

export function listVmSizes(): readonly VmSize[] {
  return sizes;
}

export function findVmSize(name: string | undefined): VmSize | undefined {
  return sizes.find((size) => size.name.toLowerCase() === name?.toLowerCase());
}
