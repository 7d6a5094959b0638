// The table of a tile's features: one row each, with columns of text and numbers that a layer chooses.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cityloom::space {

/// A named column of a feature table. An absent text is "", an absent number is none.
struct FeatureColumn {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<std::optional<double>>> values;
};

/// What a click on a feature shows at once. Row n is of the feature with number n.
class FeatureTable {
 public:
  /// A table of these columns, without rows. `class_name` says what the rows are, e.g. "building".
  FeatureTable(std::string class_name, const std::vector<std::string>& text_columns,
               const std::vector<std::string>& number_columns)
      : class_name_(std::move(class_name)) {
    for (const std::string& name : text_columns) columns_.push_back({name, std::vector<std::string>()});
    for (const std::string& name : number_columns) columns_.push_back({name, std::vector<std::optional<double>>()});
  }

  const std::string& class_name() const { return class_name_; }
  const std::vector<FeatureColumn>& columns() const { return columns_; }
  uint32_t row_count() const { return row_count_; }

  /// Begins a row in which all is absent, and gives its number.
  uint32_t add_row() {
    for (FeatureColumn& column : columns_) std::visit([](auto& values) { values.emplace_back(); }, column.values);
    return row_count_++;
  }
  bool has_column(std::string_view name) const {
    return std::any_of(columns_.begin(), columns_.end(), [&](const FeatureColumn& one) { return one.name == name; });
  }
  /// Fills a cell of the last row. The column must exist and be of texts.
  void set_text(std::string_view column, std::string text) {
    std::get<0>(find(column).values).back() = std::move(text);
  }
  /// The text of a cell of the last row, likewise.
  const std::string& text(std::string_view column) { return std::get<0>(find(column).values).back(); }
  /// Fills a cell of numbers.
  void set_number(std::string_view column, std::optional<double> number) {
    std::get<1>(find(column).values).back() = number;
  }

 private:
  FeatureColumn& find(std::string_view name) {
    size_t i = 0;
    while (columns_.at(i).name != name) ++i;
    return columns_[i];
  }
  std::string class_name_;
  std::vector<FeatureColumn> columns_;
  uint32_t row_count_ = 0;
};

}  // namespace cityloom::space
