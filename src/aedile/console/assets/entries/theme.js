// Before anything is drawn: is the page light or dark? A cookie says so, or else the system.
import { applyTheme } from "../src/theme.js";

applyTheme();
