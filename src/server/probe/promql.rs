//! A figure within its bounds. No figure is one out of its bounds: a server that does not answer, an error, an
//! empty answer, one of no numbers, and what is not a number.

use http::Request;
use serde_json::Value;

use super::web::{Page, fetch};
use super::window::{Told, Wrong};
use crate::schedule::spec::probe::QuerySpec;

/// How much of an error is told, in characters.
const TOLD: usize = 200;

pub(super) async fn ask(spec: &QuerySpec) -> Told {
    let url = format!("{}/api/v1/query", spec.url.trim_end_matches('/'));
    let form = "application/x-www-form-urlencoded";
    let request = Request::post(url).header("content-type", form);
    let body = format!("query={}", encoded(&spec.query));
    let page = fetch(request, body.into_bytes(), None).await;
    let figures = page.and_then(|page| figures(&page));
    figures
        .map_err(Wrong::Silent)
        .and_then(|it| held(spec, &it))
}

/// Holds each figure against the bounds, of which one that is no number keeps none.
fn held(spec: &QuerySpec, figures: &[f64]) -> Told {
    let is_number = |it: &&f64| !it.is_nan();
    if figures.iter().find(is_number).is_none() {
        return Err(Wrong::Silent("there is no figure".to_owned()));
    }
    let above = |it: f64| spec.over.is_some_and(|most| it > most);
    let below = |it: f64| spec.under.is_some_and(|least| it < least);
    let out = figures
        .iter()
        .find(|it| it.is_nan() || above(**it) || below(**it));
    match (out, figures) {
        (Some(out), _) => Err(Wrong::Failed(format!("{out}, expected {}", bounds(spec)))),
        (None, [only]) => Ok(only.to_string()),
        (None, all) => Ok(format!("{} figures within their bounds", all.len())),
    }
}

fn bounds(spec: &QuerySpec) -> String {
    let most = spec.over.map(|it| format!("at most {it}"));
    let least = spec.under.map(|it| format!("at least {it}"));
    let both: Vec<String> = least.into_iter().chain(most).collect();
    both.join(" and ")
}

/// All figures of an answer.
fn figures(page: &Page) -> Result<Vec<f64>, String> {
    let answer: Value = serde_json::from_slice(&page.body)
        .map_err(|_| format!("{}, and no JSON of Prometheus", page.status))?;
    if answer["status"] != "success" {
        let kind = answer["errorType"].as_str().unwrap_or("error");
        let error = answer["error"].as_str().unwrap_or_default();
        let error: String = error.chars().take(TOLD).collect();
        return Err(format!("{}, {kind}: {error}", page.status));
    }
    let result = &answer["data"]["result"];
    let pairs: Vec<&Value> = match answer["data"]["resultType"].as_str() {
        Some("scalar") => vec![result],
        Some("vector") => items(result).iter().map(|it| &it["value"]).collect(),
        Some("matrix") => items(result)
            .iter()
            .flat_map(|it| items(&it["values"]))
            .collect(),
        _ => return Err("an answer of no numbers".to_owned()),
    };
    let number = |pair: &Value| pair[1].as_str().and_then(|it| it.parse::<f64>().ok());
    let numbers = pairs
        .into_iter()
        .map(|it| number(it).ok_or("an answer of no numbers"));
    Ok(numbers.collect::<Result<_, _>>()?)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text as forms hold it.
fn encoded(text: &str) -> String {
    let mut form = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            form.push(char::from(byte));
        } else {
            let digit = |it: u8| char::from_digit(u32::from(it), 16).unwrap_or('0');
            let digits = [byte >> 4, byte & 15].map(|it| digit(it).to_ascii_uppercase());
            form.push('%');
            form.extend(digits);
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn told(answer: &Value) -> Told {
        let spec = QuerySpec {
            over: Some(0.25),
            under: Some(0.0),
            ..QuerySpec::default()
        };
        let page = Page {
            status: StatusCode::OK,
            body: answer.to_string().into_bytes(),
        };
        let figures = figures(&page).map_err(Wrong::Silent)?;
        held(&spec, &figures)
    }

    fn vector(values: &[&str]) -> Value {
        let series = |it: &&str| json!({"metric": {}, "value": [1.5, it]});
        let result: Vec<Value> = values.iter().map(series).collect();
        json!({"status": "success", "data": {"resultType": "vector", "result": result}})
    }

    fn is_silent(told: &Told) -> bool {
        matches!(told, Err(Wrong::Silent(_)))
    }

    #[test]
    fn every_figure_counts() {
        assert_eq!(told(&vector(&["0.25"])).unwrap(), "0.25");
        assert!(told(&vector(&["0", "0.1"])).is_ok());
        let wrong = Wrong::Failed("0.3, expected at least 0 and at most 0.25".to_owned());
        assert_eq!(told(&vector(&["0.1", "0.3"])), Err(wrong));
        for value in ["-0.1", "+Inf", "-Inf"] {
            assert!(
                matches!(told(&vector(&[value])), Err(Wrong::Failed(_))),
                "{value}"
            );
        }
        let scalar =
            json!({"status": "success", "data": {"resultType": "scalar", "result": [1, "0.2"]}});
        assert_eq!(told(&scalar).unwrap(), "0.2");
        let matrix = json!({"status": "success", "data": {"resultType": "matrix",
            "result": [{"values": [[1, "0.2"], [2, "0.9"]]}]}});
        assert!(matches!(told(&matrix), Err(Wrong::Failed(_))));
    }

    #[test]
    fn no_figure_is_no_success() {
        assert!(is_silent(&told(&vector(&[]))));
        assert!(is_silent(&told(&vector(&["NaN"]))));
        assert!(is_silent(&told(&vector(&["many"]))));
        assert!(told(&vector(&["0.1", "NaN"])).is_err());
        let text =
            json!({"status": "success", "data": {"resultType": "string", "result": [1, "0.2"]}});
        assert!(is_silent(&told(&text)));
        let error = json!({"status": "error", "errorType": "bad_data", "error": "parse error"});
        let wrong = Wrong::Silent("200 OK, bad_data: parse error".to_owned());
        assert_eq!(told(&error), Err(wrong));
        assert!(is_silent(&told(&json!({}))));
        let histogram = json!({"status": "success", "data": {"resultType": "vector",
            "result": [{"metric": {}, "histogram": [1, {}]}]}});
        assert!(is_silent(&told(&histogram)));
    }

    #[test]
    fn a_query_is_written_so_that_nothing_of_it_is_taken_for_something_else() {
        assert_eq!(
            encoded("a{b=\"c\"} + 1&x=é"),
            "a%7Bb%3D%22c%22%7D%20%2B%201%26x%3D%C3%A9"
        );
    }
}
