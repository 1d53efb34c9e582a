/** The fetch standard's bad ports: services that an HTTP request could be smuggled into. */
const NOT_HTTP = [
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
  119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
  989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/** File shares, remote desktops, container engines, databases, caches and queues, some of which take commands over HTTP. */
const INSIDE = [
  445, 1433, 1434, 1521, 1883, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5671, 5672, 5900, 5984, 6379, 6380, 6443, 7000, 7001, 7474,
  7687, 8086, 8883, 9042, 9092, 9160, 9200, 9300, 10250, 10255, 11211, 27017, 27018, 27019, 28015, 33060, 50000,
];

const REFUSED_PORTS: ReadonlySet<number> = new Set([...NOT_HTTP, ...INSIDE]);

/** Whether a port is one that web servers use, as far as that can be known. */
export function isWebPort(port: number): boolean {
  return !REFUSED_PORTS.has(port);
}
