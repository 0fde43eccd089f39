/** The part of ffjavascript that the reference string is made with; the package ships no types. */
declare module "ffjavascript" {
  type Group = {
    g: Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
    toRprUncompressed(target: Uint8Array, offset: number, point: Uint8Array): void;
    batchApplyKey(
      points: Uint8Array,
      first: Uint8Array,
      step: Uint8Array,
      from: "affine",
      to: "affine",
    ): Promise<Uint8Array>;
    batchLEMtoU(points: Uint8Array): Promise<Uint8Array>;
  };
  export function buildBn128(isSingleThread?: boolean): Promise<{
    G1: Group;
    G2: Group;
    Fr: { one: Uint8Array; e(value: bigint): Uint8Array };
    terminate(): Promise<void>;
  }>;
}
