// Edit distance over a short list of words.
#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace cityloom::base {
namespace {

constexpr size_t word_length_max = 64;

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// What is left of a name without its signs and capitals.
std::string plain(std::string_view name) {
  std::string letters;
  for (const char letter : name) {
    if (letter == '_' || letter == '-') continue;
    letters += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  return letters;
}

std::string digits(std::string_view name) {
  std::string found;
  for (const char letter : name) {
    if (letter >= '0' && letter <= '9') found += letter;
  }
  return found;
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  word = word.substr(0, word_length_max);
  std::string best;
  size_t best_distance = std::string::npos;
  for (const std::string& candidate : known) {
    const size_t d = distance(word, candidate);
    const size_t allowed = std::max<size_t>(2, candidate.size() / 3);
    if (d <= allowed && d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string misspelt(std::string_view name, const std::vector<std::string>& known) {
  if (name.size() > word_length_max || std::find(known.begin(), known.end(), name) != known.end()) return {};
  const std::string given = plain(name);
  std::string best;
  size_t best_distance = std::string::npos;
  for (const std::string& candidate : known) {
    if (digits(candidate) != digits(name)) continue;
    const size_t d = distance(given, plain(candidate));
    const size_t shorter = std::min(name.size(), candidate.size());
    const size_t allowed = shorter >= 7 ? 2 : shorter >= 4 ? 1 : 0;
    if (d <= allowed && d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace cityloom::base
