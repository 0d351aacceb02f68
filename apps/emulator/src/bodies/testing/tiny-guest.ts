/**
 * A whole guest in one boot sector, for tests: counts its boots in the first byte of the second sector, prints
 * `BOOT <count>` on the serial console, and powers off by ACPI where the second byte of that sector is 1. Its source:
 *
 *     xor ax,ax; mov ds,ax; mov es,ax; mov ss,ax; mov sp,0x7c00
 *     mov si,packet; mov ah,0x42; int 0x13; jc halt        read sector 1 to 0x8000
 *     inc byte [0x8000]
 *     mov si,packet; mov ax,0x4300; int 0x13; jc halt      write it back
 *     mov si,text; print to port 0x3f8; print '0' + [0x8000]; print newline
 *     cmp byte [0x8001],1; jne halt; mov dx,0x604; mov ax,0x2000; out dx,ax
 *     halt: hlt; jmp halt
 */
const program =
  "31c08ed88ec08ed0bc007cbe587cb442cd137236fe060080be587cb80043cd13" +
  "7228be527cac84c07405e82000ebf6a000800430e81600b00ae81100803e0180" +
  "017507ba0406b80020eff4ebfdbaf803eec3424f4f5420001000010000800000" +
  "0100000000000000";

/** The first two sectors of the guest's disk. */
export function tinyGuestSectors(options: { readonly powersOff: boolean }): Buffer {
  const sectors = Buffer.alloc(1024);
  Buffer.from(program, "hex").copy(sectors);
  sectors.writeUInt16LE(0xaa55, 510);
  sectors[513] = options.powersOff ? 1 : 0;
  return sectors;
}
