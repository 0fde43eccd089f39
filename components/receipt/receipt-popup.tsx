"use client";

import Drawer from "../ui/drawer.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Receipt, type ReceiptProps } from "./receipt.tsx";

export default function ReceiptPopup({
  open,
  onOpenChange,
  anchor,
  title,
  ...receipt
}: Popup & ReceiptProps & { title: string }) {
  return (
    <Drawer open={open} onOpenChange={onOpenChange} anchor={anchor} title={`${title} receipt`}>
      <Receipt {...receipt} />
    </Drawer>
  );
}
