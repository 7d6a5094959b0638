// The feature table within a GLB file: its columns as views, its schema and its places as JSON.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <vector>

#include "space/tiles/feature_table.hpp"
#include "space/tiles/glb_buffers.hpp"

namespace cityloom::space {

/// Where the values of a column are.
struct FeatureViews {
  int values = 0;
  int offsets = -1;  ///< of texts
  const char* offset_type = "";
};

/// Adds each column's values, in the table's order.
std::vector<FeatureViews> add_feature_columns(const FeatureTable& table, GlbBuffers& buffers);

/// Writes the member EXT_structural_metadata of the file's extensions: schema and table.
void write_feature_metadata(rapidjson::Writer<rapidjson::StringBuffer>& json, const FeatureTable& table,
                            const std::vector<FeatureViews>& columns);

/// Writes the object by which EXT_mesh_features and EXT_instance_features say that _FEATURE_ID_0 are rows of the table.
void write_feature_ids(rapidjson::Writer<rapidjson::StringBuffer>& json, size_t feature_count);

}  // namespace cityloom::space
