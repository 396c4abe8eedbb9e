// Every page in the dark theme is without fault.
import { looks } from '../../support/look';

looks('dark');
