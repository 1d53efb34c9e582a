/**
 * Collations that compare texts by their code points, blanks at the end included, as PostgreSQL does: MySQL's and MariaDB's
 * name for it. A server has one of them.
 */
export const COLLATIONS = ["utf8mb4_0900_bin", "utf8mb4_nopad_bin"] as const;
