import { z } from "zod";
import {
  addressRemovedOutput,
  changeAddressInput,
  createAddressInput,
  namedAddressesOutput,
  namedAddressOutput,
  removeAddressInput,
} from "#core/schemas/address.ts";
import { changeAddress, createAddress, listAddresses, removeAddress } from "#server/wallets/address-book.ts";
import { router, scoped, userProcedure } from "../trpc.ts";

const tags = ["Addresses"];

/** Addresses are read with a key and named by a person: a stolen key must not give a thief's address a friend's name. */
export const addressRouter = router({
  list: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/addresses",
        tags,
        summary: "Your address book, by name",
        description: "What stands in it has no rights by that. `usedBy` are your agents whose limits name the address.",
        protect: true,
      },
    })
    .input(z.void())
    .output(namedAddressesOutput)
    .query(({ ctx }) => listAddresses(ctx.actor)),

  create: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/addresses",
        tags,
        summary: "Name an address",
        description:
          "The same name for the same address again answers the entry there is. Another name for it is 409 ADDRESS_EXISTS, a name that another address has 409 ADDRESS_NAME_TAKEN.",
        protect: true,
      },
    })
    .input(createAddressInput)
    .output(namedAddressOutput)
    .mutation(({ ctx, input }) => createAddress(ctx.actor, input)),

  change: userProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: "/addresses/{id}",
        tags,
        summary: "Change a name or a note",
        protect: true,
      },
    })
    .input(changeAddressInput)
    .output(namedAddressOutput)
    .mutation(({ ctx, input }) => changeAddress(ctx.actor, input)),

  remove: userProcedure
    .meta({
      openapi: {
        method: "DELETE",
        path: "/addresses/{id}",
        tags,
        summary: "Take an address out of your book",
        protect: true,
      },
    })
    .input(removeAddressInput)
    .output(addressRemovedOutput)
    .mutation(({ ctx, input }) => removeAddress(ctx.actor, input)),
});
