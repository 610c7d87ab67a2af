# What is random gets a name, in the order of its first appearance, with its length: runs of eight hexadecimal digits and
# more (ids, their beginnings, hashes, fingerprints), runs of forty and more of base64 (headers, signatures, salts).
# Of a signature the length varies by a byte or two, whatever is signed. Times become <time>, the digits of a checkpoint's
# short form <digits>.
# -v kept=FILE: runs, one a line, that stay as they are. -v only_runs=1: prints the runs, one a line, and nothing else.
function name_of(run,   size) {
  if (only_runs) print run
  if (run in stays) return run
  if (!(run in names)) {
    size = length(run)
    names[run] = "#" ++count ":" (size >= 92 && size <= 100 || size >= 136 && size <= 144 ? "signature" : size)
  }
  return names[run]
}
function named(text, pattern, size_min,   done, run) {
  done = ""
  while (match(text, pattern)) {
    run = substr(text, RSTART, RLENGTH)
    done = done substr(text, 1, RSTART - 1) (RLENGTH >= size_min ? name_of(run) : run)
    text = substr(text, RSTART + RLENGTH)
  }
  return done text
}
BEGIN { while (kept && (getline run < kept) > 0) stays[run] = 1 }
{
  gsub(/[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9](:[0-9][0-9])?Z?/, "<time>")
  gsub(/([0-9][0-9][0-9][0-9][0-9] )+[0-9][0-9][0-9][0-9][0-9]/, "<digits>")
  # In base64 hexadecimal digits may stand side by side; a run of nothing else is no base64.
  line = named($0, "[A-Za-z0-9+/=]+", 40)
  line = named(line, "[0-9a-f]+", 8)
  if (!only_runs) print line
}
