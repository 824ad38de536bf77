/** The TURN half of the private pair: short-lived credentials, coturn's configuration, its launcher. */
export {}
