// Pages with charts load this beside base.js.
import { installCharts } from "../src/charts.js";

installCharts();
