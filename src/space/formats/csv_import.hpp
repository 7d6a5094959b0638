// Tables with positions.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as a table: text of more than one cell in its first line.
bool is_table(std::string_view head);

/// Imports one file, see Importer::import. Errors: also unsupported (no column holds positions).
base::Status import_csv(const ImportInput& input, ImportBatch& batch);

/// What the columns of a table are, by their names and the options' mapping; -1: not there.
struct TableColumns {
  int x = -1, y = -1, z = -1, wkt = -1, id = -1, name = -1;
  bool has_place() const { return (x >= 0 && y >= 0) || wkt >= 0; }
  bool operator==(const TableColumns&) const = default;
};

/// Errors: invalid (the mapping names a column that is not there).
base::Result<TableColumns> table_columns_of(const std::vector<std::string>& header, const ImportOptions& options);

/// A number of a table: "1,234.5" and "37,5" too. Nothing if it is none.
std::optional<double> table_number_of(std::string_view text);

}  // namespace cityloom::space
