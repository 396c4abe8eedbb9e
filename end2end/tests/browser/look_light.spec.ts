// Every page in the light theme is without fault.
import { looks } from '../../support/look';

looks('light');
