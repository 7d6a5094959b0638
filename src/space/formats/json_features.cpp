// A scanner of brackets and strings; what is between them is checked by who parses a feature.
#include "space/formats/json_features.hpp"

namespace cityloom::space {
namespace {
using base::Code;
using base::fail;
using base::Status;

bool is_blank(int letter) {
  // 0x1E separates the texts of a sequence.
  return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t' || letter == 0x1E;
}
}  // namespace

int JsonFeatures::peek() {
  if (begin_ == end_) {
    auto count = source_.read(buffer_.data(), buffer_.size());
    begin_ = end_ = 0;
    if (!count) {
      if (failed_) failed_ = std::move(count).error();
      return -1;
    }
    end_ = *count;
    if (end_ == 0) return -1;
  }
  return static_cast<unsigned char>(buffer_[begin_]);
}

int JsonFeatures::get() {
  const int letter = peek();
  if (letter >= 0) {
    ++begin_;
    ++offset_;
  }
  return letter;
}

int JsonFeatures::skip_blanks() {
  while (is_blank(peek())) get();
  return peek();
}

base::Error JsonFeatures::broken(std::string what) const {
  if (!failed_) return failed_.error();
  return fail(Code::corrupt, "The file is no GeoJSON: " + std::move(what), "byte " + std::to_string(offset_));
}

base::Result<std::string> JsonFeatures::read_key() {
  std::string key;
  if (get() != '"') return broken("a member's name is missing");
  for (int letter = get(); letter != '"'; letter = get()) {
    if (letter < 0) return broken("it ends within a name");
    if (letter == '\\') key += static_cast<char>(get());
    if (key.size() < 1'000) key += static_cast<char>(letter);
  }
  return key;
}

void JsonFeatures::store(std::string& to, std::string& problem, int letter) const {
  if (!problem.empty()) return;
  if (to.size() >= feature_bytes_max) {
    problem = "it has more than 64 MiB";
    to.clear();
    to.shrink_to_fit();
    return;
  }
  to += static_cast<char>(letter);
}

// One JSON value, with the brackets and strings in it.
Status JsonFeatures::collect(std::string& to, std::string& problem) {
  size_t depth = 0;
  do {
    const int letter = peek();
    if (letter < 0) return broken("it ends within a value");
    if (depth == 0 && (letter == ',' || letter == '}' || letter == ']' || is_blank(letter))) return {};
    store(to, problem, get());
    if (letter == '"') {
      for (int inner = get();; inner = get()) {
        if (inner < 0) return broken("it ends within a text");
        store(to, problem, inner);
        if (inner == '"') break;
        if (inner == '\\') store(to, problem, get());
      }
      if (depth == 0) return {};
    } else if (letter == '{' || letter == '[') {
      if (++depth > feature_depth_max && problem.empty()) {
        problem = "it is nested more than 500 deep";
        to.clear();
      }
    } else if (letter == '}' || letter == ']') {
      if (--depth == 0) return {};
    }
  } while (true);
}

Status JsonFeatures::read_features(const std::function<Status(const FeatureText&)>& visit) {
  get();  // [
  for (int letter = skip_blanks(); letter != ']'; letter = skip_blanks()) {
    if (letter == ',') {
      get();
      continue;
    }
    std::string problem;
    value_.clear();
    if (auto status = collect(value_, problem); !status) return status;
    if (value_.empty() && problem.empty()) return broken("an element is missing");
    if (auto status = visit({value_, problem, ++number_}); !status) return status;
  }
  get();
  return {};
}

Status JsonFeatures::read_object(const std::function<Status(const FeatureText&)>& visit) {
  get();  // {
  std::string whole = "{";
  std::string problem;
  bool has_features = false;
  for (int letter = skip_blanks(); letter != '}'; letter = skip_blanks()) {
    if (letter == ',') {
      get();
      continue;
    }
    const auto key = read_key();
    if (!key) return key.error();
    if (skip_blanks() != ':') return broken("a colon is missing");
    get();
    if (skip_blanks() == '[' && *key == "features") {
      has_features = true;
      if (auto status = read_features(visit); !status) return status;
      continue;
    }
    std::string value;
    if (auto status = collect(value, problem); !status) return status;
    if (*key == "crs" && problem.empty()) crs_ = value;
    if (whole.size() + value.size() > feature_bytes_max && problem.empty()) problem = "it has more than 64 MiB";
    if (problem.empty()) whole += (whole.size() > 1 ? ",\"" : "\"") + *key + "\":" + value;
  }
  get();
  if (has_features) return {};
  whole += '}';
  return visit({problem.empty() ? std::string_view(whole) : std::string_view(), problem, ++number_});
}

Status JsonFeatures::each(const std::function<Status(const FeatureText&)>& visit) {
  bool is_first = true;
  for (int letter = skip_blanks(); letter >= 0; letter = skip_blanks()) {
    if (is_first && letter == 0xEF) {  // a byte order mark
      for (int i = 0; i < 3; ++i) get();
    } else if (letter == '{') {
      if (auto status = read_object(visit); !status) return status;
    } else if (letter == ',') {
      get();
    } else if (letter == '[' && is_first) {
      if (auto status = read_features(visit); !status) return status;
    } else {
      return broken("an object is expected");
    }
    is_first = false;
  }
  if (!failed_) return failed_.error();
  return {};
}

}  // namespace cityloom::space
