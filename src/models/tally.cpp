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
  std::string named(beginning(source, text_bytes_max));
  const std::lock_guard lock(mutex_);
  ++totals_.at(fate);
  TallyRow& one = row(std::string(type_iri), std::move(named));
  ++one.writes.at(fate);
  one.examples.push_front(std::move(example));
  if (one.examples.size() > examples_max) one.examples.pop_back();
}

// Held: mutex_.
TallyRow& Tally::row(std::string type_iri, std::string source) {
  std::pair key(std::move(type_iri), std::move(source));
  const auto found = rows_.find(key);
  if (found != rows_.end()) return found->second;
  if (rows_.size() >= tally_rows_max) key.second = other_sources;
  return rows_.try_emplace(std::move(key)).first->second;
}

void Tally::add_earlier(std::string_view type_iri, const Writes& writes) {
  const std::lock_guard lock(mutex_);
  TallyRow& one = row(std::string(type_iri), std::string(earlier_sources));
  for (size_t fate = 0; fate < writes.size(); ++fate) {
    one.writes[fate] += writes[fate];
    totals_[fate] += writes[fate];
  }
}

std::map<std::string, Tally::Writes> Tally::by_type() const {
  std::map<std::string, Writes> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, one] : rows_) {
    Writes& writes = all[key.first];
    for (size_t fate = 0; fate < writes.size(); ++fate) writes[fate] += one.writes[fate];
  }
  return all;
}

Tally::Rows Tally::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

Tally::Writes Tally::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace cityloom::models
