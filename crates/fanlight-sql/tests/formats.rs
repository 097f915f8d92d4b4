//! The same answer in every format.

mod support;

use std::io::Cursor;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampNanosecondType};
use datafusion::arrow::ipc::reader::StreamReader;
use fanlight_sql::{Format, SqlSettings};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value as Json, json};
use support::Home;

const QUERY: &str = "SELECT trace_id, start_time, duration_ms, models, request_preview, span_count, user_id \
                     FROM traces ORDER BY start_time, trace_id";

async fn home() -> Home {
    let home = Home::new(SqlSettings::default()).await;
    home.append(1..40).await;
    home
}

/// What Arrow's readers make of the answer, as JSON would have it.
fn cells(batches: &[RecordBatch]) -> Vec<(String, i64, i64)> {
    let rows = batches.iter().flat_map(|batch| {
        let ids = batch.column(0).as_string::<i32>();
        let starts = batch.column(1).as_primitive::<TimestampNanosecondType>();
        let spans = batch.column(5).as_primitive::<Int64Type>();
        (0..batch.num_rows()).map(|row| {
            (
                ids.value(row).to_owned(),
                starts.value(row),
                spans.value(row),
            )
        })
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn arrow_and_parquet_have_the_rows_of_json_in_plain_types() {
    let home = home().await;
    let json = home.rows(QUERY).await;
    let arrow = home.bytes(QUERY, Format::Arrow).await.unwrap();
    let reader = StreamReader::try_new(Cursor::new(arrow), None).unwrap();
    let kind = reader.schema().field(1).data_type().clone();
    assert_eq!(
        kind,
        DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
    );
    let arrow: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    let parquet = home.bytes(QUERY, Format::Parquet).await.unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(parquet)).unwrap();
    let parquet: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(cells(&arrow), cells(&parquet));
    let ids = cells(&arrow).into_iter().map(|(id, _, _)| Json::from(id));
    let of_json = json.as_array().unwrap().iter().map(|row| row[0].clone());
    assert_eq!(ids.collect::<Json>(), of_json.collect::<Json>());
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_rows_is_one_in_every_format() {
    let home = home().await;
    let query = "SELECT name, models FROM traces WHERE name = 'nobody'";
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let json: Json =
        serde_json::from_slice(&home.bytes(query, Format::Json).await.unwrap()).unwrap();
    let columns =
        json!([{"name": "name", "type": "text"}, {"name": "models", "type": "list of text"}]);
    assert_eq!(
        json,
        json!({"columns": columns, "rows": [], "row_count": 0})
    );
    assert_eq!(
        text(home.bytes(query, Format::Csv).await.unwrap()),
        "name,models\n"
    );
    assert_eq!(
        text(home.bytes(query, Format::JsonLines).await.unwrap()),
        ""
    );
    let arrow = home.bytes(query, Format::Arrow).await.unwrap();
    assert_eq!(
        StreamReader::try_new(Cursor::new(arrow), None)
            .unwrap()
            .count(),
        0
    );
    let parquet = home.bytes(query, Format::Parquet).await.unwrap();
    assert!(ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(parquet)).is_ok());
    home.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_keep_what_they_are_in_json_and_csv() {
    let home = home().await;
    let query = "SELECT 9007199254740991 AS safe, 9007199254740992 AS unsafe, -9223372036854775808 AS least, \
                 CAST(18446744073709551615 AS BIGINT UNSIGNED) AS most, CAST('NaN' AS DOUBLE) AS nan, 1e300 AS large, \
                 true AS flag, NULL AS absent, '' AS empty, 'a,\"b\"\nc' AS text, DATE '2026-01-31' AS day, \
                 TIMESTAMP '2026-01-31T00:00:00.5Z' AS instant, [1, NULL] AS list, \
                 CAST(1.50 AS DECIMAL(5, 2)) AS decimal, named_struct('a', 1) AS struct";
    let line = home.bytes(query, Format::JsonLines).await.unwrap();
    let expected = concat!(
        r#"{"safe":9007199254740991,"unsafe":"9007199254740992","least":"-9223372036854775808","#,
        r#""most":"18446744073709551615","nan":"NaN","large":1e+300,"flag":true,"absent":null,"empty":"","#,
        r#""text":"a,\"b\"\nc","day":"2026-01-31","instant":"2026-01-31T00:00:00.500","list":[1,null],"#,
        r#""decimal":"1.50","struct":{"a":1}}"#,
        "\n"
    );
    assert_eq!(String::from_utf8(line).unwrap(), expected);
    let csv = home.bytes(query, Format::Csv).await.unwrap();
    let expected = concat!(
        "safe,unsafe,least,most,nan,large,flag,absent,empty,text,day,instant,list,decimal,struct\n",
        "9007199254740991,9007199254740992,-9223372036854775808,18446744073709551615,NaN,1e+300,true,,\"\",",
        "\"a,\"\"b\"\"\nc\",2026-01-31,2026-01-31T00:00:00.500,\"[1,null]\",1.50,\"{\"\"a\"\":1}\"\n",
    );
    assert_eq!(String::from_utf8(csv).unwrap(), expected);
    home.engine.close().await;
}
