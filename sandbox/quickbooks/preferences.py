"""The settings page of a pretend QuickBooks company, as GET /preferences shows it. Data only."""

from __future__ import annotations

from sandbox.books import BookCompany
from sandbox.quickbooks.faults import Body


def preferences(about: BookCompany) -> Body:
    """Every block of the vendor's answer; only currency and form settings follow from the books."""
    return {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January",
            "UseAccountNumbers": False,
            "TaxYearMonth": "January",
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            "TrackDepartments": False,
            "DepartmentTerminology": "Location",
            "TaxForm": "6",
            "CustomerTerminology": "Customers",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
        },
        "SalesFormsPrefs": _sales_forms(),
        "EmailMessagesPrefs": {
            f"{form}Message": {"Subject": f"{form} from {about.name}", "Message": "Please find it attached."}
            for form in ("Invoice", "Estimate", "SalesReceipt", "Statement")
        },
        "VendorAndPurchasesPrefs": {
            "BillableExpenseTracking": False,
            "TrackingByCustomer": False,
            "POCustomField": [_fields("PurchasePrefs.UsePurchaseCustom", "BooleanType", "BooleanValue", False)],
        },
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Monday",
            "MarkTimeEntriesBillable": True,
        },
        "TaxPrefs": {"UsingSalesTax": True, "TaxGroupCodeRef": {"value": "2"}},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": bool(set(about.currencies) - {about.currency}),
            "HomeCurrency": {"value": about.currency},
        },
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": "DTXCopyMemo", "Value": "false"}]},
    }


def _sales_forms() -> Body:
    switches = ["AllowDeposit", "AllowDiscount", "AllowServiceDate", "AllowShipping", "AutoApplyCredit"]
    switches += ["AutoApplyPayments", "CustomTxnNumbers", "EmailCopyToCompany", "ETransactionAttachPDF"]
    switches += ["ETransactionPaymentEnabled", "IPNSupportEnabled", "UsingPriceLevels"]
    return {
        **dict.fromkeys(switches, False),
        "AllowEstimates": True,
        "ETransactionEnabledStatus": "NotApplicable",
        "DefaultTerms": {"value": "3"},
        "DefaultDiscountAccount": "86",
        "DefaultCustomerMessage": "Thank you.",
        "CustomField": [
            _fields("SalesFormsPrefs.UseSalesCustom", "BooleanType", "BooleanValue", True),
            _fields("SalesFormsPrefs.SalesCustomName", "StringType", "StringValue", "Crew #"),
        ],
    }


def _fields(name: str, kind: str, key: str, value: object) -> Body:
    return {"CustomField": [{"Name": f"{name}1", "Type": kind, key: value}]}
