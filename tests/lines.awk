# From the help of one command, as it is printed for people, lines that try it, with tabs between their words. @item,
# @child, @meeting and @other stand for ids, new.txt for a file or folder to be made.
# -v words=COMMAND, -v is_table=1 for one that the tables of kinds make: there are many, all alike, and each gets one line.
function named_by(name, form) {
  if (name == "child" || form == "CHILD") return "@child"
  if (name == "meeting" || form == "MEETING") return "@meeting"
  if (form == "PERSON" || name ~ /^(person|to|chair|for)$/) return "Edie Orr"
  if (form == "AGENCY" || name == "agency") return "Edie Orr's agency"
  if (form ~ /KIND/) return "child.add"
  if (form == "RULE") return "R-008"
  return "@other"
}
# What to type for an option or operand; id: what stands wherever an id or a name can, or "" for what is asked for. Of what
# the tables make the child is always the one that is asked for, so that what else is named is looked for, too.
function value(name, form, id) {
  sub(/ \.\.\.$/, "", form)
  if (form ~ /^[a-z0-9-]+(\|[a-z0-9-]+)*$/) { sub(/\|.*/, "", form); return form }
  if (form ~ /HH:MM/) return "2026-12-01 10:00"
  if (form ~ /DATE|YYYY/) return "2026-12-01"
  if (form ~ /TEXT|WORDS|TOKEN/) return "x"
  if (form ~ /NUMBER|^N$/) return "1"
  if (form ~ /FOLDER|FILE/) return "new.txt"
  return id && !(is_table && name == "child") ? id : named_by(name, form)
}
# Only the first operand is the id: the others say what is to be done with it.
function line(id, operands_max, options_max,   said, i) {
  said = words
  gsub(/ /, "\t", said)
  for (i = 1; i <= operands_max; i++) said = said "\t" value("", operand[i], i == 1 ? id : "")
  for (i = 1; i <= options_max; i++) said = said "\t--" name[i] "\t" value(name[i], form[i], id)
  return said
}
function say(said) {
  if (!(said in seen)) print said
  seen[said] = 1
}
/^usage/ && !has_usage {
  has_usage = 1
  sub("^usage: cairn " words, "")
  sub(/\[OPTIONS\].*/, "")
  gsub(/[][]/, "")
  operands = split($0, operand, " ")
}
/^options:/ { on = 1; next }
/^$/ { on = 0 }
on && match($0, /^  --[a-z-]+ [^ ]+( [^ ]+)*/) {
  options++
  name[options] = form[options] = substr($0, 5, RLENGTH - 4)
  sub(/ .*/, "", name[options])
  sub(/^[^ ]* /, "", form[options])
}
END {
  with_item = line("@item", operands, options)
  as_asked = line("", operands, options)
  # What asks for nothing but what is known here is recorded; what asks for more is given the item.
  if (is_table) {
    say(as_asked ~ /@other/ ? with_item : as_asked)
    exit
  }
  say(with_item)
  say(as_asked)
  say(line("", 0, 0))
  if (operand[1] ~ /ENTRY|RECORD/) {
    say(line("@item", operands, 0))
    say(line("@child", operands, 0))
    say(line("@meeting", operands, 0))
    say(line("@other", operands, 0))
  }
}
