// What every page of the console does: menus, swaps without reloading, theme, palette, dialogs, toasts, keys.
import "@tabler/core/dist/js/tabler.esm.min.js";
import { installConfirm } from "../src/confirm.js";
import { installHtmx } from "../src/swaps.js";
import { installKeys } from "../src/keys.js";
import { installMenu } from "../src/menu.js";
import { installPalette } from "../src/palette.js";
import { installScrolls } from "../src/scrolls.js";
import { installThemeSwitch } from "../src/theme.js";
import { installTimes } from "../src/times.js";
import { installToasts } from "../src/toasts.js";

installHtmx();
installThemeSwitch();
installKeys();
installMenu();
installPalette();
installConfirm();
installToasts();
installScrolls();
installTimes();
