#include "models/tally.hpp"

namespace cityloom::models {

std::string_view name_of(Fate fate) {
  return fate == Fate::rejected ? "rejected" : fate == Fate::warned ? "warned" : "counted";
}

void Tally::add(std::string_view type_iri, std::string_view source, Example example) {
  constexpr size_t text_bytes_max = 200;
  constexpr size_t what_bytes_max = 500;
  if (example.findings.size() > example_findings_max) example.findings.resize(example_findings_max);
  for (Finding& finding : example.findings) {
    finding.path.resize(beginning(finding.path, text_bytes_max).size());
    finding.what.resize(beginning(finding.what, what_bytes_max).size());
  }
  const auto fate = static_cast<size_t>(example.fate);
  std::pair key(std::string(type_iri), std::string(beginning(source, text_bytes_max)));
  const std::lock_guard lock(mutex_);
  ++totals_.at(fate);
  auto found = rows_.find(key);
  if (found == rows_.end()) {
    if (rows_.size() >= tally_rows_max) key.second = other_sources;
    found = rows_.try_emplace(std::move(key)).first;
  }
  TallyRow& row = found->second;
  ++row.writes.at(fate);
  row.examples.push_front(std::move(example));
  if (row.examples.size() > examples_max) row.examples.pop_back();
}

Tally::Rows Tally::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

std::array<uint64_t, 3> Tally::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace cityloom::models
