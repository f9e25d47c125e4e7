//! What others read from the file with SQL alone. `availability` says what
//! [`shelfwire_core::reducer::availability`] says; a test compares them on random rows.

/// Milliseconds since the Unix epoch, when the question is asked.
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// Statements that make every view, in the place of those of an earlier version.
pub(super) fn all() -> String {
    let ages = store_age(NOW);
    format!(
        "DROP VIEW IF EXISTS store_age;
         DROP VIEW IF EXISTS availability;
         DROP VIEW IF EXISTS alerts_open;
         DROP VIEW IF EXISTS gaps_open;
         CREATE VIEW store_age AS {ages};
         CREATE VIEW availability AS {AVAILABILITY};
         CREATE VIEW alerts_open AS {ALERTS_OPEN};
         CREATE VIEW gaps_open AS {GAPS_OPEN};"
    )
}

/// How old each store's numbers are (V1), at a time that is SQL text.
///
/// A till's word ages while the store is open: the spans of `opening` between the word and now.
pub(super) fn store_age(now: &str) -> String {
    format!(
        "
WITH
asked AS (SELECT {now} AS now_ms, max_age_s FROM settings),
expected AS (
    SELECT store, till FROM tills WHERE named
    UNION
    SELECT s.id, t.till FROM listed_tills t JOIN stores s ON s.name = t.store
),
aged AS (
    SELECT e.store AS store, coalesce(w.missing, 0) AS missing,
        CASE WHEN w.heard_ms IS NOT NULL THEN coalesce((
            SELECT sum(max(0, min(o.to_ms, asked.now_ms) - max(o.from_ms, w.heard_ms)))
            FROM opening o WHERE o.store = s.name), 0) END AS heard_age_ms,
        CASE WHEN w.complete_ms IS NOT NULL THEN coalesce((
            SELECT sum(max(0, min(o.to_ms, asked.now_ms) - max(o.from_ms, w.complete_ms)))
            FROM opening o WHERE o.store = s.name), 0) END AS complete_age_ms
    FROM expected e
    JOIN asked
    JOIN stores s ON s.id = e.store
    LEFT JOIN tills w ON w.store = e.store AND w.till = e.till
),
judged AS (
    SELECT store, missing, complete_age_ms,
        coalesce(heard_age_ms / 1000 > max_age_s, 1) AS silent,
        coalesce(complete_age_ms / 1000 > max_age_s, 1) AS incomplete
    FROM aged JOIN asked
),
worst AS (
    SELECT store,
        max(complete_age_ms) AS oldest_ms,
        max(complete_age_ms IS NULL) AS unheard,
        max(silent) AS silent,
        max(missing > 0 OR (incomplete AND NOT silent)) AS gap
    FROM judged GROUP BY store
),
dated AS (
    SELECT s.id AS id,
        CASE
            WHEN w.unheard THEN NULL
            WHEN w.oldest_ms IS NULL THEN s.as_of_ms
            ELSE min(s.as_of_ms, asked.now_ms - w.oldest_ms)
        END AS as_of_ms
    FROM stores s JOIN asked LEFT JOIN worst w ON w.store = s.id
)
SELECT
    s.id AS id,
    s.name AS store,
    d.as_of_ms AS as_of_ms,
    max(0, asked.now_ms - d.as_of_ms) / 1000 AS age_s,
    l.store IS NOT NULL
        AND coalesce(max(0, asked.now_ms - d.as_of_ms) / 1000 <= max_age_s, 0) AS fresh,
    CASE WHEN coalesce(s.presence, '') <> 'online'
            OR coalesce(max(0, asked.now_ms - s.heard_ms) / 1000 > max_age_s, 1)
        THEN 'store_offline ' ELSE '' END ||
    CASE WHEN w.silent THEN 'till_silent ' ELSE '' END ||
    CASE WHEN w.gap THEN 'source_gap ' ELSE '' END ||
    CASE WHEN coalesce(j.fresh, 0) < s.head THEN 'backlog ' ELSE '' END ||
    CASE WHEN s.clock <> 'synced' THEN 'clock ' ELSE '' END ||
    CASE WHEN s.seed IS NOT NULL THEN 'reseeding ' ELSE '' END ||
    CASE WHEN l.store IS NULL THEN 'not_listed ' ELSE '' END AS stale_because
FROM stores s
JOIN asked
JOIN dated d ON d.id = s.id
LEFT JOIN worst w ON w.store = s.id
LEFT JOIN journals j ON j.store = s.id AND j.journal = s.current
LEFT JOIN listed l ON l.store = s.name"
    )
}

/// What a web shop reads; quantities in thousandths of the item's unit.
pub(super) const AVAILABILITY: &str = "
SELECT
    a.store AS store,
    b.item AS item,
    b.known AS known,
    b.on_hand_milli AS on_hand_milli,
    b.unavailable_milli AS unavailable_milli,
    b.suspect_milli AS suspect_milli,
    CASE WHEN b.known
        THEN max(0, b.on_hand_milli - max(0, b.unavailable_milli) - b.suspect_milli)
    END AS sellable_milli,
    CASE
        WHEN NOT b.known THEN 'unknown'
        WHEN b.ambiguous OR b.on_hand_milli < 0 THEN 'doubtful'
        ELSE 'good'
    END AS quality,
    a.as_of_ms AS as_of_ms,
    a.age_s AS age_s,
    a.fresh AS fresh,
    trim(
        a.stale_because ||
        CASE WHEN NOT b.known THEN 'never_counted ' ELSE '' END ||
        CASE WHEN b.known AND b.on_hand_milli < 0 THEN 'negative ' ELSE '' END ||
        CASE WHEN b.ambiguous THEN 'ambiguous' ELSE '' END
    ) AS stale_because
FROM balances b
JOIN store_age a ON a.id = b.store";

/// Alerts that are not over: of a word, an item and a device, what came after the last row that
/// clears them, by (generation, seq). `quiet` where every one of these rows is.
const ALERTS_OPEN: &str = "
SELECT store, alert, severity, item, dev, quiet, times, since_ms, text
FROM (
    SELECT s.name AS store, a.alert, a.severity, a.item, a.dev, a.text,
        row_number() OVER latest AS nth,
        min(a.quiet) OVER about AS quiet,
        count(*) OVER about AS times,
        min(a.at_ms) OVER about AS since_ms
    FROM alerts a INDEXED BY alerts_not_over JOIN stores s ON s.id = a.store
    WHERE NOT a.over
    WINDOW about AS (PARTITION BY a.store, a.alert, a.item, a.dev),
        latest AS (PARTITION BY a.store, a.alert, a.item, a.dev
            ORDER BY a.generation DESC, a.seq DESC, a.id DESC)
)
WHERE nth = 1";

/// Numbers of tills that are missing.
const GAPS_OPEN: &str = "
SELECT s.name AS store, m.till AS till, m.day AS day, m.first_number AS first_number,
    m.last_number AS last_number
FROM missing_numbers m JOIN stores s ON s.id = m.store";
